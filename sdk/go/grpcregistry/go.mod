module github.com/paste-registry/paste-registry/sdk/go/grpcregistry

go 1.25.0

require (
	github.com/paste-registry/paste-registry/sdk/go v0.1.0
	google.golang.org/grpc v1.83.2
)

require (
	golang.org/x/net v0.58.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/text v0.41.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260526163538-3dc84a4a5aaa // indirect
	google.golang.org/protobuf v1.36.11 // indirect
)

// While both are developed in one repository, this module uses the SDK beside it. A program that depends on this
// module isn't touched by the line: Go heeds replace only in the main module.
replace github.com/paste-registry/paste-registry/sdk/go => ../
