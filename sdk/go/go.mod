module github.com/paste-registry/paste-registry/sdk/go

go 1.22
