// Command gen writes the kustomize components for Argo CD and Flux from package
// script.
//
//	go run ./health/script/gen kustomize/components
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/health/script"
)

const (
	group = "sagemaker.gitops.dev"
	made  = "# Made by `make generate` from health/script.\n"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen <directory of components>")
		os.Exit(2)
	}

	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(directory string) error {
	all, err := files()
	if err != nil {
		return err
	}

	for name, text := range all {
		if err := os.WriteFile(filepath.Join(directory, name), text, 0o644); err != nil {
			return err
		}
	}

	return nil
}

// files are what the components are made of, by path.
func files() (map[string][]byte, error) {
	health, actions, ack, wildcard := map[string]string{}, map[string]string{}, map[string]string{}, map[string]any{}
	ours, theirs := []check{}, []check{}

	for _, kind := range script.Kinds() {
		text, err := yaml.Marshal(script.ActionsOf(kind))
		if err != nil {
			return nil, err
		}

		health[key("health", group, kind)] = script.Lua()
		actions[key("actions", group, kind)] = string(text)
		ours = append(ours, check{group + "/v1alpha1", kind, script.CEL()})
	}

	wildcard[group+"/*"] = map[string]string{"health.lua": script.Lua()}

	for _, group := range []string{script.ACKAutoScaling, script.ACKSageMaker} {
		for _, kind := range script.ACKKinds()[group] {
			ack[key("health", group, kind)] = script.ACKLua(kind)
			theirs = append(theirs, check{group + "/v1alpha1", kind, script.ACKCEL(kind)})
		}

		wildcard[group+"/*"] = map[string]string{"health.lua": script.ACKLuaOfGroup(group)}
	}

	text, err := yaml.Marshal(wildcard)
	if err != nil {
		return nil, err
	}

	all := map[string][]byte{}

	for name, object := range map[string]any{
		"argocd/health/argocd-cm.yaml":   configMap(health),
		"argocd/actions/argocd-cm.yaml":  configMap(actions),
		"argocd/ack/argocd-cm.yaml":      configMap(ack),
		"argocd/wildcard/argocd-cm.yaml": configMap(map[string]string{"resource.customizations": string(text)}),
		"flux/checks.yaml":               kustomization(ours),
		"flux/ack/checks.yaml":           kustomization(theirs),
	} {
		text, err := yaml.Marshal(object)
		if err != nil {
			return nil, err
		}

		all[name] = append([]byte(made), text...)
	}

	return all, nil
}

func key(what, group, kind string) string {
	return "resource.customizations." + what + "." + group + "_" + kind
}

// configMap is Argo CD's, with nothing but what is added to it.
func configMap(data map[string]string) any {
	return map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "argocd-cm", "namespace": "argocd", "labels": map[string]any{"app.kubernetes.io/part-of": "argocd"}},
		"data":     data,
	}
}

// check is an element of healthCheckExprs.
type check struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	script.Expressions
}

// kustomization is a patch for any Kustomization of Flux.
func kustomization(checks []check) any {
	return map[string]any{
		"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": map[string]any{"name": "any"},
		"spec": map[string]any{"healthCheckExprs": checks},
	}
}
