package io.freshet.local;

import io.freshet.classifier.Classifier;
import io.freshet.classifier.ClassifierReader;
import io.freshet.classifier.Snapshots;
import io.freshet.local.cli.Directories;
import io.freshet.local.cluster.EmbeddedKafka;
import io.freshet.schemas.ModelSnapshotEvent;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Measurement of {@code freshet serve} in a process of its own: the times of requests that are sent
 * at a fixed rate, beside the library's own time. Arguments: requests a second, events in each,
 * seconds.
 *
 * <p>A request that has to wait because an earlier one on its connection is not answered yet is
 * timed from the moment at which it was due.
 */
final class ServeLoad {
    private static final int FEATURES = 54;
    private static final int CLASSES = 7;
    private static final int RATES = 7;
    private static final int CONNECTIONS = 8;
    private static final int WARM_UP_SECONDS = 20;
    private static final int LIBRARY_CALLS = 2_000_000;
    private static final double NANOS_PER_MICRO = 1e3;
    private static final Pattern ADDRESS = Pattern.compile("(http://localhost:[0-9]+)");

    private ServeLoad() {}

    public static void main(String[] args) throws Exception {
        int rate = Integer.parseInt(args[0]);
        int events = Integer.parseInt(args[1]);
        int seconds = Integer.parseInt(args[2]);
        List<ModelSnapshotEvent> records =
                new Snapshots(1, FEATURES, CLASSES, CLASSES, "softmax", RATES, true)
                        .records(100_000);
        Path directory = Directories.createTemporary("freshet-load-");
        try (EmbeddedKafka kafka = EmbeddedKafka.start();
                SnapshotTopic topic = new SnapshotTopic(kafka.bootstrapServers())) {
            topic.create(1, Map.of()).send(records);
            try (JavaProcess server =
                    JavaProcess.freshet(
                            directory,
                            List.of(),
                            "serve",
                            "--port",
                            "0",
                            "--set",
                            "kafka.bootstrap.servers=" + kafka.bootstrapServers())) {
                server.awaitOutput("ready with 1 model");
                URI address = URI.create(server.awaitOutput(ADDRESS));
                measure(address.getPort(), rate, events, WARM_UP_SECONDS);
                Latencies times = measure(address.getPort(), rate, events, seconds);
                System.out.printf(
                        Locale.ROOT,
                        "%,d requests a second of %,d events, %,d requests: p50 %.0f µs, p90 %.0f"
                                + " µs, p99 %.0f µs, largest %.0f µs%n",
                        rate,
                        events,
                        times.count(),
                        times.percentile(0.5, TimeUnit.MICROSECONDS),
                        times.percentile(0.9, TimeUnit.MICROSECONDS),
                        times.percentile(0.99, TimeUnit.MICROSECONDS),
                        times.percentile(1, TimeUnit.MICROSECONDS));
            }
        } finally {
            Directories.delete(directory);
        }
        System.out.printf(
                Locale.ROOT,
                "the library: %.2f µs a prediction%n",
                library(ClassifierReader.of(records)));
    }

    private static float[] features(Random random) {
        float[] features = new float[FEATURES];
        for (int f = 0; f < FEATURES; f++) {
            features[f] = (float) random.nextGaussian();
        }
        return features;
    }

    /** Returns the times of all requests. */
    private static Latencies measure(int port, int rate, int events, int seconds) throws Exception {
        int each = rate * seconds / CONNECTIONS;
        long interval = TimeUnit.SECONDS.toNanos(1) * CONNECTIONS / rate;
        long[][] nanos = new long[CONNECTIONS][each];
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        long begin = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
        for (int c = 0; c < CONNECTIONS; c++) {
            long[] own = nanos[c];
            long first = begin + c * interval / CONNECTIONS;
            byte[] request = request(new Random(c), events);
            Thread thread = new Thread(() -> send(port, request, first, interval, own));
            thread.setUncaughtExceptionHandler(
                    (failed, e) -> {
                        synchronized (failures) {
                            failures.add(e);
                        }
                    });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (!failures.isEmpty()) {
            throw new IllegalStateException("a connection failed", failures.get(0));
        }
        return new Latencies(Arrays.stream(nanos).flatMapToLong(Arrays::stream).toArray());
    }

    private static byte[] request(Random random, int events) {
        StringBuilder body = new StringBuilder("[");
        for (int i = 0; i < events; i++) {
            body.append(i == 0 ? "" : ",")
                    .append("{\"features\":")
                    .append(Arrays.toString(features(random)))
                    .append('}');
        }
        body.append(']');
        String text = events == 1 ? body.substring(1, body.length() - 1) : body.toString();
        return ("POST /models/m/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type:"
                        + " application/json\r\nContent-Length: "
                        + text.length()
                        + "\r\n\r\n"
                        + text)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static void send(int port, byte[] request, long first, long interval, long[] nanos) {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
            for (int i = 0; i < nanos.length; i++) {
                long start = Latencies.awaitDue(first + i * interval);
                socket.getOutputStream().write(request);
                readAnswer(in);
                nanos[i] = System.nanoTime() - start;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void readAnswer(InputStream in) throws IOException {
        String status = readLine(in);
        if (!status.startsWith("HTTP/1.1 200")) {
            throw new IOException(status);
        }
        long length = -1;
        for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length = Long.parseLong(line.substring(line.indexOf(':') + 1).strip());
            }
        }
        if (length >= 0) {
            in.skipNBytes(length);
            return;
        }
        for (int chunk = nextChunk(in); chunk > 0; chunk = nextChunk(in)) {
            in.skipNBytes(chunk + 2L);
        }
        readLine(in);
    }

    private static int nextChunk(InputStream in) throws IOException {
        return Integer.parseInt(readLine(in), 16);
    }

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int character = in.read(); character != '\n'; character = in.read()) {
            if (character < 0) {
                throw new EOFException();
            }
            if (character != '\r') {
                line.append((char) character);
            }
        }
        return line.toString();
    }

    /** Returns the time of a prediction in µs, of the second half of the calls. */
    private static double library(Classifier model) {
        float[] features = features(new Random(1));
        long start = 0;
        int classes = 0;
        for (int i = 0; i < LIBRARY_CALLS; i++) {
            if (i == LIBRARY_CALLS / 2) {
                start = System.nanoTime();
            }
            features[i % FEATURES] = i % 7;
            classes += model.classify(features).predictedClass();
        }
        double micros = (System.nanoTime() - start) / NANOS_PER_MICRO / (LIBRARY_CALLS / 2);
        if (classes < 0) {
            throw new IllegalStateException("the classes are not counted");
        }
        return micros;
    }
}
