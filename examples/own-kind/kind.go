package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/examples/own-kind/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// repository is all that the loop has to know about repositories of ECR.
var repository = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.Repository) },
	Lifecycle: reconcile.Service,
	Create:    operation((*ecr.Client).CreateRepository),
	Describe:  operation((*ecr.Client).DescribeRepositories).One("Repositories", "RepositoryName", "RepositoryNames"),
	Update:    operation((*ecr.Client).PutImageTagMutability),
	Adjust:    operation((*ecr.Client).PutImageScanningConfiguration),
	Delete:    operation((*ecr.Client).DeleteRepository),
	Name:      "RepositoryName",
	AnyName:   true,
	States:    health.Existence,
	Compare:   shape.Rules{Unread: []string{"Force"}}, // it is for Delete alone
	Retained:  true,                                   // git cannot make images again
	Tags: reconcile.TagOperations{
		List:   operation((*ecr.Client).ListTagsForResource),
		Add:    operation((*ecr.Client).TagResource),
		Remove: operation((*ecr.Client).UntagResource),
	},
}

func operation[I, O any](method func(*ecr.Client, context.Context, *I, ...func(*ecr.Options)) (*O, error)) cloud.Operation {
	return cloud.ServiceOp(ecr.NewFromConfig, method)
}
