/** Ids of items, photos and users, in keys and URLs. */
export const idPattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/
