package io.freshet.local.cli;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.util.SerializedThrowable;
import org.jspecify.annotations.Nullable;

/** Reasons of failures, as one-line texts for error messages. */
public final class Failures {
    private Failures() {}

    /**
     * Returns the reason of a failure, in one line.
     *
     * @return the message of the first cause that Flink classifies as non-recoverable, if there is
     *     one, else the innermost cause with the name of its class; the first line of either
     */
    public static String reason(Throwable failure) {
        Throwable innermost = failure;
        for (Throwable cause = failure; cause != null; cause = next(cause)) {
            innermost = deserialized(cause);
            if (isAnnotatedAsFinal(innermost)) {
                return firstLine(ownMessage(innermost));
            }
        }
        String message = innermost.getMessage();
        // Freshet's own messages are complete; others are prefixed with the name of their class.
        boolean standsAlone =
                innermost instanceof UserException
                        || innermost instanceof JobFailedException
                        || innermost instanceof IllegalStateException;
        if (standsAlone && message != null) {
            return firstLine(message);
        }
        String name = innermost.getClass().getSimpleName();
        return firstLine(message == null ? name : name + ": " + message);
    }

    /** Returns a failure and its causes, outermost first, each deserialised as far as possible. */
    public static List<Throwable> chain(Throwable failure) {
        List<Throwable> chain = new ArrayList<>();
        for (Throwable cause = failure; cause != null; cause = next(cause)) {
            chain.add(deserialized(cause));
        }
        return chain;
    }

    /** Returns whether restarting the job would fail in the same way. */
    public static boolean isFinal(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = next(cause)) {
            if (isAnnotatedAsFinal(deserialized(cause))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAnnotatedAsFinal(Throwable failure) {
        return ThrowableClassifier.getThrowableType(failure) == ThrowableType.NonRecoverableError;
    }

    private static @Nullable Throwable next(Throwable cause) {
        Throwable next = deserialized(cause).getCause();
        return next == cause ? null : next;
    }

    private static Throwable deserialized(Throwable cause) {
        return cause instanceof SerializedThrowable serialized
                ? serialized.deserializeError(Failures.class.getClassLoader())
                : cause;
    }

    private static String ownMessage(Throwable failure) {
        Throwable cause = failure.getCause();
        Throwable own =
                failure instanceof SuppressRestartsException && cause != null ? cause : failure;
        return own.getMessage() == null ? own.toString() : own.getMessage();
    }

    private static String firstLine(String text) {
        return TerminalText.printable(text.lines().findFirst().orElse(""));
    }
}
