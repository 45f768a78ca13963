/** What the client costs. */
package registry.paste.bench;
