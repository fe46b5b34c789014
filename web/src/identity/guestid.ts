/** Ids of guests, who are known by a cookie and have no account. */

export const isGuest = (id: string): boolean => id.startsWith("guest-");
