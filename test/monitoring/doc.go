// Package monitoring has nothing but tests: they ask the queries of the shipped alerts and
// of the dashboard with Prometheus' own engine, of sample series and of what
// kube-state-metrics makes of objects. It is a module of its own, so that what Prometheus
// requires does not bind the controller.
package monitoring
