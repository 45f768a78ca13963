/** What this process tells the registry of itself: registrations, heartbeats, acknowledgements. Not part of the public interface. */
package registry.paste.client.session;
