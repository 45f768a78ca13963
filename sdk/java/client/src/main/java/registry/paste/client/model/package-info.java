/** What the registry says: instances, and the policy by which clients choose among them. */
package registry.paste.client.model;
