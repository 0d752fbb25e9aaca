package io.freshet.local.serve;

import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;

/** Token that requests must have in the header {@code Authorization}: RFC 6750. */
final class BearerToken {
    private static final int MIN_LENGTH = 16;
    private static final String SCHEME = "bearer ";

    private final byte[] token;

    private BearerToken(byte[] token) {
        this.token = token;
    }

    /**
     * Reads a token from a file, without the white space around it.
     *
     * @throws UserException if the file cannot be read, or if the token is too short
     */
    static BearerToken read(Path file) {
        try {
            String token = Files.readString(file).strip();
            if (token.length() < MIN_LENGTH || !token.matches("[!-~]+")) {
                throw new UserException(
                        "--token-file "
                                + file
                                + ": a token has at least "
                                + MIN_LENGTH
                                + " letters, digits or signs of ASCII, and no space");
            }
            return new BearerToken(token.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UserException("--token-file " + file + " cannot be read: " + e, e);
        }
    }

    /**
     * Returns whether the values of the header have the token. Takes as long for a token that is
     * partly right as for another of its length.
     */
    boolean isIn(List<String> authorization) {
        if (authorization.size() != 1) {
            return false;
        }
        String value = authorization.get(0);
        return value.toLowerCase(Locale.ROOT).startsWith(SCHEME)
                && MessageDigest.isEqual(
                        value.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8),
                        token);
    }

    /** Does not contain the token. */
    @Override
    public String toString() {
        return "a token";
    }
}
