package io.freshet.model.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.LearnerSettings;
import io.freshet.model.LearnerState;
import io.freshet.model.SoftmaxLearner;
import io.freshet.model.example.Evaluation;
import io.freshet.model.example.Examples;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.MiniBatchReduction;
import io.freshet.model.optim.Sgd;
import io.freshet.model.scale.Standardization;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Enumeration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Test in a new process, because ND4J is initialised only once per process. */
class BackendClassLoaderTest {
    /**
     * Class loader that throws after it is closed, like that of an ended or restarted Flink job.
     */
    private static final class ClassLoaderOfAJob extends ClassLoader {
        private boolean closed;

        ClassLoaderOfAJob(ClassLoader parent) {
            super(parent);
        }

        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
            if (closed) {
                throw new IllegalStateException("closed");
            }
            return super.getResources(name);
        }
    }

    /**
     * Program with a job that ends before its first event, and a second job in the same process.
     */
    public static final class TwoJobs {
        private TwoJobs() {}

        public static void main(String[] args) throws Exception {
            ClassLoader loader = TwoJobs.class.getClassLoader();
            ClassLoaderOfAJob first = new ClassLoaderOfAJob(loader);
            Thread.currentThread().setContextClassLoader(first);
            Backend.start(DevicePreference.AUTO, DeviceFallback.CPU);
            first.closed = true;

            Thread.currentThread().setContextClassLoader(new ClassLoaderOfAJob(loader));
            Backend.start(DevicePreference.AUTO, DeviceFallback.CPU);
            LearnerSettings settings =
                    new LearnerSettings(
                            2,
                            2,
                            64,
                            new CrossEntropy(2),
                            new Sgd(0.1, 0),
                            null,
                            MiniBatchReduction.EXAMPLES,
                            new Standardization(),
                            1);
            try (SoftmaxLearner learner =
                    new SoftmaxLearner(settings, LearnerState.initial(settings))) {
                Examples examples = new Examples(2);
                for (int i = 0; i < 64; i++) {
                    examples.add(new float[] {i % 2, i}, 0, i % 2, 1);
                }
                learner.learn(examples, false, new Evaluation(2));
                System.out.println("steps: " + learner.modelVersion());
            }
        }
    }

    @Test
    void jobInTheProcessOfAnEndedJob_canTrain() throws Exception {
        Process process =
                new ProcessBuilder(
                                List.of(
                                        ProcessHandle.current().info().command().orElseThrow(),
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        TwoJobs.class.getName()))
                        .redirectErrorStream(true)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(output).contains("steps: 1");
        assertThat(process.waitFor()).isZero();
    }
}
