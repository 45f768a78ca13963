/**
 * Who may answer a request, and who does: the definitions of the registry's {@code conformance/README.md}. Time and
 * randomness are handed in; nothing here does I/O. Not part of the public interface.
 */
package registry.paste.client.traffic;
