/** Sources as they are set up: which fields each kind has, and what is still wrong with a form. Pure. */
import { type Kind, shortName } from "../../lib/sources";
import type { SourceForm } from "../../wire/SourceForm";

export const CREDENTIALS = [
  { value: "none", name: "None" },
  { value: "basic", name: "User and password" },
  { value: "bearer", name: "Token" },
  { value: "client_certificate", name: "Client certificate" },
] as const;

/** Whether the API server's proxy can lead to one of this kind. */
export function canProxy(kind: string): boolean {
  return kind === "alertmanager" || kind === "prometheus";
}

/** The ways of proving who asks that one of this kind knows. */
export function credentialsOf(kind: string): readonly string[] {
  switch (kind) {
    case "pagerduty":
    case "goalert":
      return ["bearer"];
    case "icinga":
      return ["basic", "client_certificate"];
    default:
      return ["none", "basic", "bearer", "client_certificate"];
  }
}

/** A form of a kind with nothing said yet. */
export function emptyForm(kind: Kind, taken: readonly string[] = []): SourceForm {
  return {
    id: freeId(kind, taken),
    kind,
    address: kind === "pagerduty" ? "https://api.pagerduty.com" : "",
    proxy_namespace: "",
    proxy_service: "",
    proxy_port: "",
    proxy_scheme: "",
    credentials: credentialsOf(kind)[0]!,
    user: "",
    secret: null,
    certificate: "",
    key: "",
    ca_file: "",
    cluster: "",
    tenant: "",
    silent_receivers: [],
    poll_seconds: 0,
    has_secret: false,
  };
}

/** `alertmanager:main`, or the next name that is free. */
export function freeId(kind: string, taken: readonly string[]): string {
  let id = `${kind}:main`;
  for (let i = 2; taken.includes(id); i++) id = `${kind}:${i}`;
  return id;
}

/** The receivers named in a line, without doubles. */
export function receivers(text: string): string[] {
  return [...new Set(text.split(/[,\n]/).map((r) => r.trim()).filter(Boolean))];
}

export type Field = "name" | "address" | "proxy_namespace" | "proxy_service" | "user" | "secret" | "certificate" | "key" | "poll_seconds";

/** What is wrong with a form, by field; empty where it can be saved. */
export function problems(form: SourceForm, proxied: boolean): Partial<Record<Field, string>> {
  const found: Partial<Record<Field, string>> = {};
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(shortName(form.id))) found.name = "Letters, digits, dots and dashes.";
  if (proxied) {
    if (!form.proxy_namespace.trim()) found.proxy_namespace = "Name the namespace of the Service.";
    if (!form.proxy_service.trim()) found.proxy_service = "Name the Service.";
  } else {
    const address = addressOf(form.address);
    if (!address) found.address = "An address such as https://alertmanager.example.org.";
    else if (address.username || address.password) found.address = "Leave user and password out of the address; they have fields of their own.";
  }
  const proves = proxied ? "none" : form.credentials;
  if (proves === "basic" && !form.user.trim()) found.user = "Name the user.";
  if ((proves === "basic" || proves === "bearer") && !form.secret && !form.has_secret) found.secret = proves === "basic" ? "The password is missing." : "The token is missing.";
  if (proves === "client_certificate") {
    if (!form.certificate.trim()) found.certificate = "The path of the certificate in PEM.";
    if (!form.key.trim()) found.key = "The path of its key in PEM.";
  }
  if (!Number.isInteger(form.poll_seconds) || form.poll_seconds < 0 || form.poll_seconds > 3600) found.poll_seconds = "Whole seconds, 0 to 3600.";
  return found;
}

function addressOf(text: string): URL | null {
  try {
    const url = new URL(text.trim());
    return url.protocol === "http:" || url.protocol === "https:" ? url : null;
  } catch {
    return null;
  }
}

/** The form as it is sent: nothing of what its kind or its way does not have. The API server passes no credentials on. */
export function sent(form: SourceForm, proxied: boolean): SourceForm {
  const own = proxied ? "none" : credentialsOf(form.kind).includes(form.credentials) ? form.credentials : credentialsOf(form.kind)[0]!;
  const secret = own === "basic" || own === "bearer" ? form.secret || null : null;
  return {
    ...form,
    address: proxied ? "" : form.address.trim(),
    proxy_namespace: proxied ? form.proxy_namespace.trim() : "",
    proxy_service: proxied ? form.proxy_service.trim() : "",
    proxy_port: proxied ? form.proxy_port.trim() : "",
    proxy_scheme: proxied && form.proxy_scheme === "https" ? "https" : "",
    credentials: own,
    user: own === "basic" ? form.user.trim() : "",
    secret,
    certificate: own === "client_certificate" ? form.certificate.trim() : "",
    key: own === "client_certificate" ? form.key.trim() : "",
    ca_file: proxied ? "" : form.ca_file.trim(),
    tenant: form.tenant.trim(),
    silent_receivers: form.kind === "alertmanager" ? form.silent_receivers : [],
  };
}

/** Where a secret goes when it is typed: never further than this machine. */
export function secretHint(kept: boolean, keyring: boolean): string {
  if (kept) return `One is kept${keyring ? "" : " until Broadstreet ends"}. Leave this empty to keep it.`;
  return keyring ? "Kept in this machine’s keyring, never shown again, in no export." : "This machine has no keyring that is open: kept in memory and asked for again after a restart; in no export.";
}
