/* Which certificate authorities to trust where nobody says. Reads a folder's names, once. */
#ifndef AB_AUTHORITIES_H
#define AB_AUTHORITIES_H

/*
 * The system's folder of hashed certificates, if libcurl's TLS library looks a certificate up in
 * it when it needs one; else NULL, and libcurl's own default (a bundle, on most systems) is best.
 * A bundle is read and parsed whole with the first connection: tens of milliseconds, which is
 * more than a frame of a game.
 */
const char *ab_authorities_folder(void);

#endif
