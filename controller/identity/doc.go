// Package identity decides what an AWS object of ours is called, how it is
// recognised, and when it is the same as another: digests, names and tags.
//
// All of it is an on-disk format. AWS accounts are full of objects that carry
// these names and tags; change the way they are made and the controller runs
// jobs again or no longer knows its own endpoints. A change therefore needs a
// new hash version, and testdata keeps what earlier versions produced.
package identity
