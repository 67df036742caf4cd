package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const account, region = "111122223333", "eu-west-1"

// registry stands in for ECR, as far as the controller asks it, before other services.
type registry struct {
	others http.RoundTripper

	mu           sync.Mutex
	repositories map[string]map[string]any
	tags         map[string]map[string]string // by ARN
	images       map[string]bool              // repositories with images in them
	calls        []string
}

func newRegistry(others http.RoundTripper) *registry {
	return &registry{others: others, repositories: map[string]map[string]any{}, tags: map[string]map[string]string{}, images: map[string]bool{}}
}

// Do answers a request of the SDK.
func (r *registry) Do(request *http.Request) (*http.Response, error) {
	_, operation, is := strings.Cut(request.Header.Get("X-Amz-Target"), "AmazonEC2ContainerRegistry_V20150921.")
	if !is {
		return r.others.RoundTrip(request)
	}
	var in struct {
		RepositoryName  string   `json:"repositoryName"`
		RepositoryNames []string `json:"repositoryNames"`
		ResourceARN     string   `json:"resourceArn"`
		Force           bool     `json:"force"`
		TagKeys         []string `json:"tagKeys"`
		Tags            []struct {
			Key   string `json:"Key"`
			Value string `json:"Value"`
		} `json:"tags"`
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	rest := map[string]any{}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &rest); err != nil {
		return nil, err
	}
	delete(rest, "tags")

	r.mu.Lock()
	defer r.mu.Unlock()
	if operation != "DescribeRepositories" && operation != "ListTagsForResource" {
		r.calls = append(r.calls, operation)
	}
	name := strings.Join(append(in.RepositoryNames, in.RepositoryName), "")
	repository, exists := r.repositories[name]
	switch {
	case in.ResourceARN == "" && !exists && operation != "CreateRepository":
		return refused("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", name, account)
	case exists && operation == "CreateRepository":
		return refused("RepositoryAlreadyExistsException", "The repository with name '%s' already exists in the registry with id '%s'", name, account)
	case operation == "DeleteRepository" && r.images[name] && !in.Force:
		return refused("RepositoryNotEmptyException",
			"The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images", name, account)
	}
	switch operation {
	case "CreateRepository":
		arn := fmt.Sprintf("arn:aws:ecr:%s:%s:repository/%s", region, account, name)
		repository = map[string]any{
			"repositoryArn": arn, "registryId": account, "createdAt": float64(time.Now().Unix()),
			"repositoryUri":           fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s", account, region, name),
			"encryptionConfiguration": map[string]any{"encryptionType": "AES256"},
		}
		maps.Copy(repository, rest)
		r.repositories[name], r.tags[arn] = repository, map[string]string{}
		in.ResourceARN = arn
	case "PutImageTagMutability", "PutImageScanningConfiguration":
		maps.Copy(repository, rest)
	case "DeleteRepository":
		delete(r.repositories, name)
	}
	tags := r.tags[in.ResourceARN]
	for _, tag := range in.Tags {
		tags[tag.Key] = tag.Value
	}
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if slices.Contains(in.TagKeys, key) {
			delete(tags, key)
			continue
		}
		list = append(list, map[string]string{"Key": key, "Value": tags[key]})
	}
	return answered(http.StatusOK, map[string]any{"repository": repository, "repositories": []any{repository}, "tags": list})
}

func refused(code, format string, arguments ...any) (*http.Response, error) {
	return answered(http.StatusBadRequest, map[string]any{"__type": code, "message": fmt.Sprintf(format, arguments...)})
}

func answered(status int, document map[string]any) (*http.Response, error) {
	body, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(string(body))),
	}, nil
}

// push puts an image into a repository.
func (r *registry) push(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.images[name] = true
}

// changes are the calls since the last question that may have changed something.
func (r *registry) changes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

// of is a repository, with its tags.
func (r *registry) of(name string) (repository map[string]any, tags map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	repository = maps.Clone(r.repositories[name])
	arn, _ := repository["repositoryArn"].(string)
	return repository, maps.Clone(r.tags[arn])
}
