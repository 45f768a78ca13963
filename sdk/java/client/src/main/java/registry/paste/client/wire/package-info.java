/** The registry's HTTP interface: requests, answers, and what their JSON means. Not part of the public interface. */
package registry.paste.client.wire;
