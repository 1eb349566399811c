/**
 * What we use of the two libraries, which come without types. Their results are what a stranger sent: nothing is
 * promised of them, not even that a call returns (it may throw on a frame that is too short).
 */
declare module "advlib-ble-manufacturers" {
  export function processManufacturerSpecificData(companyCode: number, data: Buffer): unknown;
}

declare module "advlib-ble-services" {
  /** `uuid`: four hexadecimal digits in lower case for an assigned one. */
  export function processServiceData(uuid: string, data: Buffer): unknown;
}
