/**
 * Client of paste.registry: register, discover, choose an instance, call it, follow configuration.
 *
 * @packageDocumentation
 */
export { Registry } from "./registry-client.js";
export type { ConnectOptions, Logger, Surroundings } from "./options.js";
export type { Clock } from "./clock.js";
export type { RandomSource } from "./choose/random.js";
export { Service, type ChooseOptions } from "./service.js";
export { Pick } from "./pick.js";
export type { Outcome } from "./choose/decider.js";
export type { Trace } from "./choose/trace.js";
export type { BalancerKind, Policy, Rule, Selector, Subset } from "./choose/policy.js";
export type { Health, Instance, Status } from "./choose/instance.js";
export { VersionRange } from "./choose/version/range.js";
export { ConfigItem, type ConfigCallback } from "./config.js";
export type { ConfigValue } from "./copy/config-copy.js";
export { Registration, type Check, type RegisterOptions } from "./process/registration.js";
export type { CallInit } from "./call/fetch.js";
export type { EventListener, RegistryEvents } from "./hooks.js";
export {
  ClosedError,
  ConnectTimeoutError,
  InvalidOptionError,
  InvalidVersionRangeError,
  NoInstanceError,
  NotKnownYetError,
  RefusedError,
  RegistryError,
  UnavailableError,
  type NoInstanceReason,
} from "./errors.js";
