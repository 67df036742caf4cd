//go:build dependencies

// This file keeps in go.mod the modules whose sources the generator reads but
// does not compile.
package main

import (
	_ "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	_ "github.com/aws/aws-sdk-go/aws"
)
