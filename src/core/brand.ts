/**
 * Branded primitives: ids that must not be mixed up and the two clocks that must never be compared.
 * A brand costs nothing at run time; the compiler refuses to pass one where another is wanted.
 */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Wall-clock instant, milliseconds since 1970-01-01T00:00Z. For records only, never for a duration. */
export type EpochMs = Brand<number, "EpochMs">;
/** Monotonic instant, milliseconds since an arbitrary origin of this process. For every duration and timeout. */
export type MonoMs = Brand<number, "MonoMs">;

export type StoreId = Brand<string, "StoreId">;
export type GatewayId = Brand<string, "GatewayId">;
export type CameraId = Brand<string, "CameraId">;
export type LineId = Brand<string, "LineId">;
export type ZoneId = Brand<string, "ZoneId">;
export type ReceiverId = Brand<string, "ReceiverId">;
export type TagId = Brand<string, "TagId">;
/** Names one visit; dies with the data of its day. */
export type VisitId = Brand<string, "VisitId">;
/** Stands for a member of a loyalty programme within one tenant: random, says nothing about the person. */
export type SubjectRef = Brand<string, "SubjectRef">;
/** Names one consent that was given for one purpose. */
export type GrantId = Brand<string, "GrantId">;
/** Names the controller (the retailer) whose programme it is. */
export type TenantId = Brand<string, "TenantId">;
/** Number of a track; unique only within one run of one camera. */
export type TrackId = Brand<number, "TrackId">;

/** Marks a number as wall-clock milliseconds. Pure. */
export const epochMs = (value: number): EpochMs => value as EpochMs;
/** Marks a number as monotonic milliseconds. Pure. */
export const monoMs = (value: number): MonoMs => value as MonoMs;

/** Marks a string as the id of a store. Pure. */
export const storeId = (value: string): StoreId => value as StoreId;
/** Marks a string as the id of a gateway. Pure. */
export const gatewayId = (value: string): GatewayId => value as GatewayId;
/** Marks a string as the id of a camera. Pure. */
export const cameraId = (value: string): CameraId => value as CameraId;
/** Marks a string as the id of a counting line. Pure. */
export const lineId = (value: string): LineId => value as LineId;
/** Marks a string as the id of a zone. Pure. */
export const zoneId = (value: string): ZoneId => value as ZoneId;
/** Marks a string as the id of a radio receiver. Pure. */
export const receiverId = (value: string): ReceiverId => value as ReceiverId;
/** Marks a string as the id of a registered tag. Pure. */
export const tagId = (value: string): TagId => value as TagId;
/** Marks a string as the id of a visit. Pure. */
export const visitId = (value: string): VisitId => value as VisitId;
/** Marks a string as the reference of a member. Pure. */
export const subjectRef = (value: string): SubjectRef => value as SubjectRef;
/** Marks a string as the id of a consent. Pure. */
export const grantId = (value: string): GrantId => value as GrantId;
/** Marks a string as the id of a tenant. Pure. */
export const tenantId = (value: string): TenantId => value as TenantId;
/** Marks a number as the id of a track. Pure. */
export const trackId = (value: number): TrackId => value as TrackId;
