/** Small programs, one for each thing that the client does. Each reads the registry's address from PASTE_REGISTRY_URL. */
package registry.paste.samples;
