// Following a case on anybody's telephone. Pure.

/**
 * The address behind the QR code of a receipt. Number and secret stand after the "#": a browser never sends that part, so
 * neither stands in the log of a server or a proxy.
 */
export function followAddress(origin: string, caseNo: string, secret: string): string {
  return `${origin}/follow#${caseNo}-${secret}`;
}

/** The secret as it is read and typed: "ABCD-2345". */
export function spelled(secret: string): string {
  return `${secret.slice(0, 4)}-${secret.slice(4)}`;
}
