package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const serviceCIDR = "10.0.0.0/24"

// controllers is what a cluster without nodes needs of kube-controller-manager.
var controllers = []string{
	"clusterrole-aggregation-controller",
	"garbage-collector-controller",
	"namespace-controller",
	"resourcequota-controller",
	"root-ca-certificate-publisher-controller",
	"serviceaccount-controller",
	"serviceaccount-token-controller",
	"validatingadmissionpolicy-status-controller",
}

func (c *Cluster) startControlPlane(ctx context.Context, crds []string) error {
	programs, err := buildControlPlane(ctx, c.log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	pki, err := newPKI(filepath.Join(c.Dir, "pki"))
	if err != nil {
		return err
	}
	database, etcdURL, err := c.startEtcd(programs.Etcd)
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	server := fmt.Sprintf("https://127.0.0.1:%d", port)
	// The API server waits for etcd by itself, so both start at once.
	apiserver, err := c.run(apiServer.name, programs.APIServer, apiServerArgs(pki, etcdURL, port), nil)
	if err != nil {
		return err
	}
	if err := c.configure(kubeconfig(server, pki, "admin", pki.admin)); err != nil {
		return err
	}
	if err := database.ready(ctx, func(ctx context.Context) error {
		return get(ctx, &rest.Config{}, etcdURL+"/health")
	}); err != nil {
		return err
	}
	if err := apiserver.ready(ctx, c.serves); err != nil {
		return err
	}
	if err := c.InstallCRDs(ctx, crds...); err != nil {
		return err
	}
	return c.startControllerManager(ctx, programs.ControllerManager, server, pki)
}

func (c *Cluster) startEtcd(path string) (p *process, url string, err error) {
	clientPort, err := freePort()
	if err != nil {
		return nil, "", err
	}
	peerPort, err := freePort()
	if err != nil {
		return nil, "", err
	}
	url = fmt.Sprintf("http://127.0.0.1:%d", clientPort)
	peer := fmt.Sprintf("http://127.0.0.1:%d", peerPort)
	p, err = c.run(etcd.name, path, []string{
		"--name=bench",
		"--data-dir=" + filepath.Join(c.Dir, "etcd"),
		"--listen-client-urls=" + url,
		"--advertise-client-urls=" + url,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=bench=" + peer,
		"--unsafe-no-fsync", // the data does not outlive the process
		"--log-level=warn",
	}, nil)
	return p, url, err
}

func apiServerArgs(pki *pki, etcdURL string, port int) []string {
	return []string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--advertise-address=127.0.0.1",
		// No Pod reaches the API through the kubernetes Service, and its
		// endpoint may not be a loopback address.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=" + serviceCIDR,
		"--authorization-mode=Node,RBAC",
		"--allow-privileged=true",
		"--tls-cert-file=" + pki.server.cert,
		"--tls-private-key-file=" + pki.server.key,
		"--client-ca-file=" + pki.ca,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pki.serviceAccount.cert,
		"--service-account-signing-key-file=" + pki.serviceAccount.key,
	}
}

// serves passes once the API server says that it is ready.
func (c *Cluster) serves(ctx context.Context) error {
	return get(ctx, c.Config, c.Config.Host+"/readyz")
}

func get(ctx context.Context, config *rest.Config, url string) error {
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, tailBytes))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s: %s", url, response.Status, strings.TrimSpace(string(body)))
	}
	return nil
}

func (c *Cluster) startControllerManager(ctx context.Context, path, server string, pki *pki) error {
	config := filepath.Join(c.Dir, "controller-manager.kubeconfig")
	user := "system:kube-controller-manager"
	if err := clientcmd.WriteToFile(*kubeconfig(server, pki, user, pki.controllerManager), config); err != nil {
		return err
	}
	manager, err := c.run(controllerManager.name, path, []string{
		"--kubeconfig=" + config,
		"--controllers=" + strings.Join(controllers, ","),
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + pki.serviceAccount.key,
		"--root-ca-file=" + pki.ca,
		"--leader-elect=false", // it is alone, and would wait for a lease
		"--secure-port=0",      // nobody asks it for metrics
	}, nil)
	if err != nil {
		return err
	}
	reader, err := client.New(c.Config, client.Options{})
	if err != nil {
		return err
	}
	return manager.ready(ctx, func(ctx context.Context) error {
		return reader.Get(ctx, client.ObjectKey{Namespace: "default", Name: "default"}, &corev1.ServiceAccount{})
	})
}

func kubeconfig(server string, pki *pki, user string, pair keyPair) *clientcmdapi.Config {
	config := clientcmdapi.NewConfig()
	config.Clusters["bench"] = &clientcmdapi.Cluster{Server: server, CertificateAuthority: pki.ca}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificate: pair.cert, ClientKey: pair.key}
	config.Contexts["bench"] = &clientcmdapi.Context{Cluster: "bench", AuthInfo: user}
	config.CurrentContext = "bench"
	return config
}

// configure writes the current context, whole and without references to other
// files, to the cluster's kubeconfig and sets Config from it.
func (c *Cluster) configure(config *clientcmdapi.Config) error {
	if err := clientcmdapi.MinifyConfig(config); err != nil {
		return err
	}
	if err := clientcmdapi.FlattenConfig(config); err != nil {
		return err
	}
	if err := clientcmd.WriteToFile(*config, c.Kubeconfig); err != nil {
		return err
	}
	restConfig, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return err
	}
	restConfig.QPS, restConfig.Burst = clientQPS, clientBurst
	c.Config = restConfig
	return nil
}
