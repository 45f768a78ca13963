/** Reads and writes the JSON of the wire: strict RFC 8259, with a bounded depth. Not part of the public interface. */
package registry.paste.client.json;
