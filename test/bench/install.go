package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// What kustomize/default calls the controller.
const (
	namespace      = "sagemaker-gitops-system"
	serviceAccount = "sagemaker-gitops"
)

// tokenLifetime is how long the controller may run, in seconds.
const tokenLifetime int64 = 7 * 24 * 3600

// install applies what kustomize/default gives the controller, its CRDs (which
// are there) and its Deployment (which needs nodes) aside, and returns the path
// of a kubeconfig for its service account.
func (b *Bench) install(ctx context.Context) (kubeconfig string, err error) {
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).
		Run(filesys.MakeFsOnDisk(), filepath.Join(b.Root, "kustomize", "default"))
	if err != nil {
		return "", fmt.Errorf("build kustomize/default: %w", err)
	}
	for _, resource := range all.Resources() {
		kind := resource.GetKind()
		if kind != "Namespace" && kind != "ServiceAccount" && !strings.Contains(kind, "Role") {
			continue
		}
		document, err := resource.Map()
		if err != nil {
			return "", err
		}
		object := &unstructured.Unstructured{Object: document}
		if err := b.Kube.Create(ctx, object); err != nil {
			return "", fmt.Errorf("install %s %s: %w", kind, object.GetName(), err)
		}
	}
	return b.kubeconfigOf(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: serviceAccount}})
}

func (b *Bench) kubeconfigOf(ctx context.Context, account *corev1.ServiceAccount) (string, error) {
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(tokenLifetime)}}
	if err := b.Kube.SubResource("token").Create(ctx, account, request); err != nil {
		return "", fmt.Errorf("token for service account %s: %w", client.ObjectKeyFromObject(account), err)
	}
	config, err := clientcmd.LoadFromFile(b.Cluster.Kubeconfig)
	if err != nil {
		return "", err
	}
	for name, user := range config.AuthInfos {
		user = user.DeepCopy()
		user.ClientCertificate, user.ClientKey = "", ""
		user.ClientCertificateData, user.ClientKeyData = nil, nil
		user.Token = request.Status.Token
		config.AuthInfos[name] = user
	}
	path := filepath.Join(b.Cluster.Dir, "controller.kubeconfig")
	return path, clientcmd.WriteToFile(*config, path)
}
