package io.freshet.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.SerializedThrowable;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class FailuresTest {
    @Test
    void failureWithCauses_isReportedByTheInnermost() {
        Exception full = new RuntimeException(new IOException("No space left on device"));

        assertThat(Failures.reason(new RuntimeException("Could not load RpcSystem", full)))
                .isEqualTo("IOException: No space left on device");
        assertThat(Failures.reason(new NullPointerException())).isEqualTo("NullPointerException");
    }

    @Test
    void nonRecoverableFailure_isReportedWithoutItsCause() {
        Exception refused = new TimeoutException("60000 ms");
        Exception lost =
                new SuppressRestartsException(new IllegalStateException("results lost", refused));

        assertThat(Failures.reason(new RuntimeException("task failed", lost)))
                .isEqualTo("results lost");
        assertThat(Failures.isFinal(new SerializedThrowable(new RuntimeException(lost)))).isTrue();
        assertThat(Failures.isFinal(refused)).isFalse();
    }

    @Test
    void serializedFailure_isReportedAsTheOriginal() {
        Exception task = new RuntimeException(new TimeoutException("60000 ms"));

        assertThat(Failures.reason(new SerializedThrowable(task)))
                .isEqualTo("TimeoutException: 60000 ms");
    }

    @Test
    void reason_isOneLine_withoutControlCharacters() {
        assertThat(Failures.reason(new UserException("one\u001b[31m\ntwo")))
                .isEqualTo("one\ufffd[31m");
    }
}
