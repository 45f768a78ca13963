/**
 * The local copy: what the stream said of services and configuration, in memory and on disk. Never emptied by a failure. Not
 * part of the public interface.
 */
package registry.paste.client.copy;
