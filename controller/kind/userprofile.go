package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// UserProfile is a user of a domain.
var UserProfile = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.UserProfile) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateUserProfile),
	Describe:  cloud.Op((*sagemaker.Client).DescribeUserProfile),
	Update:    updateProfile,
	Delete:    cloud.Op((*sagemaker.Client).DeleteUserProfile),
	Name:      "UserProfileName",
	Within:    []string{"DomainId"},
	States:    health.UserProfile,
	Compare:   userProfileCompare,
	Reset:     userProfileReset,
	Blockers:  ofUser,
	Retained:  true,
	Console:   reconcile.Page{Path: "studio", Name: domain},
}

var updateProfile = cloud.Op((*sagemaker.Client).UpdateUserProfile)
