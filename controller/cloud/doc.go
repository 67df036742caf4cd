// Package cloud is the only place that talks to AWS: it builds the clients,
// keeps calls within a budget, puts errors into classes and decides when an
// object is looked at again.
package cloud
