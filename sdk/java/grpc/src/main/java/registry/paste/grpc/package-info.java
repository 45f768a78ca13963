/** Lets channels of gRPC find services in the registry: {@code registry:///orders}. */
package registry.paste.grpc;
