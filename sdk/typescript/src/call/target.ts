/**
 * Addresses of services, `http://orders/path`, and of their instances.
 *
 * @module
 */
import { InvalidOptionError } from "../errors.js";

/** An address that names a service. */
export interface Target {
  readonly scheme: "http" | "https";
  readonly service: string;
  /** Path, query and fragment. */
  readonly rest: string;
}

/**
 * Reads `http://orders/path`. The name of the service keeps its capitals, which `URL` would take away.
 *
 * @throws {@link InvalidOptionError} if it is none
 */
export function parseTarget(url: string): Target {
  const found = /^(https?):\/\/([A-Za-z0-9._-]+)((?:[/?#].*)?)$/s.exec(url);
  if (!found) {
    throw new InvalidOptionError(`${url} is no address of a service such as http://orders/path`);
  }
  const rest = found[3]!;
  return {
    scheme: found[1] as Target["scheme"],
    service: found[2]!,
    rest: rest.startsWith("/") ? rest : `/${rest}`,
  };
}
