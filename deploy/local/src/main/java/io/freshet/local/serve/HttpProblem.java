package io.freshet.local.serve;

import org.eclipse.jetty.http.HttpStatus;

/** Request that cannot be answered. Has no stack trace, since it describes a request, not code. */
final class HttpProblem extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String reason;

    /**
     * @param status HTTP status
     * @param reason reason as a constant, for programs
     * @param message one sentence, for people
     */
    HttpProblem(int status, String reason, String message) {
        super(message, null, false, false);
        this.status = status;
        this.reason = reason;
    }

    /** Returns the problem of a request that has an error. */
    static HttpProblem badRequest(String message) {
        return new HttpProblem(HttpStatus.BAD_REQUEST_400, "BAD_REQUEST", message);
    }

    int status() {
        return status;
    }

    String reason() {
        return reason;
    }

    /** Returns the message, which is never null here. */
    String sentence() {
        return String.valueOf(getMessage());
    }
}
