/** Keeps streams of events open and feeds the local copy with them. Not part of the public interface. */
package registry.paste.client.stream;
