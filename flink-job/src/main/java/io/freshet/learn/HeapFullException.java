package io.freshet.learn;

import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * The end of a job whose live models do not fit into the heap. Starting again would fill the same
 * heap, so it ends the job.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class HeapFullException extends RuntimeException {
    private static final long serialVersionUID = 1;

    HeapFullException(String message) {
        super(message);
    }
}
