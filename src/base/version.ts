/** Of this program; a test holds it equal to that of package.json, which a bundle may not have beside it. */
export const version = '0.1.0'
