# The controller's image: make image IMAGE=<registry>/sagemaker-gitops:<version>
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY api ./api
COPY cmd ./cmd
COPY controller ./controller
COPY examples ./examples
COPY health ./health
# What to build: a controller with kinds of one's own is another (examples/own-kind).
ARG PACKAGE=./cmd/sagemaker-gitops
ARG VERSION=dev
ARG TARGETOS
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -ldflags "-s -w -X main.version=$VERSION" -o /out/sagemaker-gitops $PACKAGE

# Certificates, the time zones of schedules and a user, and no shell.
FROM gcr.io/distroless/static:nonroot
COPY --from=build /out/sagemaker-gitops /sagemaker-gitops
USER 65532:65532
ENTRYPOINT ["/sagemaker-gitops"]
