package io.freshet.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecordBase;
import org.apache.avro.util.ClassSecurityValidator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventReaderTest {
    private static final int HEADER_BYTES = 10;
    private static final int MUTANTS_PER_FILE = 14_000; // 168,000 for the 12 golden files
    private static final long SEED = 20_260_901;
    private static final int RESTARTS = 20;
    private static final long FREED_NANOS = TimeUnit.SECONDS.toNanos(60);

    static Stream<Map.Entry<String, SpecificRecordBase>> goldenFiles() {
        return EventSchemasTest.goldenFiles();
    }

    @ParameterizedTest
    @MethodSource("goldenFiles")
    void mutatedRecord_isReadOrRefusedWithAnIOException(
            Map.Entry<String, SpecificRecordBase> golden) throws IOException {
        byte[] bytes = Files.readAllBytes(GoldenFiles.GOLDEN.resolve(golden.getKey() + ".bin"));
        EventReader<?> reader = EventReader.of(golden.getValue().getClass());
        Random random = new Random(SEED);
        int refused = 0;
        for (int i = 0; i < MUTANTS_PER_FILE; i++) {
            byte[] mutant = mutate(bytes, random);
            try {
                assertThat(reader.read(mutant)).isNotNull();
            } catch (IOException e) {
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError("mutant " + i + ": " + Arrays.toString(mutant), e);
            }
        }
        assertThat(refused).isBetween(1, MUTANTS_PER_FILE - 1);
    }

    /** Makes one to three changes behind the header, so that they reach the schema's decoder. */
    private static byte[] mutate(byte[] bytes, Random random) {
        byte[] mutant = bytes;
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int position = HEADER_BYTES + random.nextInt(mutant.length - HEADER_BYTES);
            switch (random.nextInt(5)) {
                case 0 -> {
                    mutant = mutant.clone();
                    mutant[position] ^= (byte) (1 << random.nextInt(8));
                }
                case 1 -> {
                    mutant = mutant.clone();
                    mutant[position] = (byte) random.nextInt(256);
                }
                case 2 -> // keeps a byte of the body for the next change
                        mutant = Arrays.copyOf(mutant, Math.max(position, HEADER_BYTES + 1));
                case 3 -> mutant = replaced(mutant, position, position, number(random.nextLong()));
                default ->
                        mutant =
                                replaced(
                                        mutant,
                                        position,
                                        position + 1,
                                        number(random.nextLong() >> random.nextInt(Long.SIZE)));
            }
        }
        return mutant;
    }

    /** Encodes a length or count as Avro does: as a variable-length zig-zag long. */
    private static byte[] number(long value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long rest = (value << 1) ^ (value >> 63);
        for (; (rest & ~0x7FL) != 0; rest >>>= 7) {
            bytes.write((int) ((rest & 0x7F) | 0x80));
        }
        bytes.write((int) rest);
        return bytes.toByteArray();
    }

    private static byte[] replaced(byte[] bytes, int from, int to, byte[] by) {
        ByteArrayOutputStream changed = new ByteArrayOutputStream();
        changed.write(bytes, 0, from);
        changed.write(by, 0, by.length);
        changed.write(bytes, to, bytes.length - to);
        return changed.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 1L << 30, 1L << 31, 1L << 40, Long.MAX_VALUE})
    void textOfAnImpossibleLength_isRefused_namingTheEvent(long length) throws IOException {
        byte[] event = GoldenFiles.bytes(GoldenFiles.version2().get("MetricsEvent.v2"));
        byte[] broken = replaced(event, HEADER_BYTES, HEADER_BYTES + 1, number(length));

        assertThatThrownBy(() -> EventReader.of(MetricsEvent.class).read(broken))
                .isInstanceOf(IOException.class)
                .hasMessage("not a whole MetricsEvent")
                .hasCauseInstanceOf(Exception.class);
    }

    /** Of every released version, as of an older job. */
    @ParameterizedTest
    @MethodSource("goldenFiles")
    void framedRecord_isReadByTheSchemaInItsHeader(Map.Entry<String, SpecificRecordBase> golden)
            throws IOException {
        byte[] bytes = Files.readAllBytes(GoldenFiles.GOLDEN.resolve(golden.getKey() + ".bin"));
        EventReader<?> reader = EventReader.of(golden.getValue().getClass());

        assertThat(reader.read(framed(bytes), Arrays.copyOf(bytes, 10)))
                .isEqualTo(reader.read(bytes));
    }

    private static byte[] framed(byte[] event) {
        return ByteBuffer.allocate(event.length - 5)
                .put((byte) 0)
                .putInt(42)
                .put(event, 10, event.length - 10)
                .array();
    }

    @Test
    void framedRecord_isRefused_withoutAHeader_orWithThatOfAnotherEvent() throws IOException {
        byte[] metrics = GoldenFiles.bytes(GoldenFiles.newest().get("MetricsEvent.v3"));
        byte[] letter = GoldenFiles.bytes(GoldenFiles.newest().get("DeadLetterEvent.v2"));
        EventReader<MetricsEvent> reader = EventReader.of(MetricsEvent.class);

        assertThatThrownBy(() -> reader.read(framed(metrics)))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "framed by a schema registry, without the header freshet.schema that names"
                                + " the schema");
        assertThatThrownBy(() -> reader.read(framed(metrics), letter))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("no released MetricsEvent has the fingerprint");
        assertThatThrownBy(() -> reader.read(framed(metrics), new byte[] {1}))
                .isInstanceOf(IOException.class)
                .hasMessage("the header freshet.schema names no schema");
        assertThatThrownBy(
                        () ->
                                EventReader.ofAvro(MetricsEvent.class)
                                        .read(framed(metrics), Arrays.copyOf(metrics, 10)))
                .isInstanceOf(IOException.class)
                .hasMessage("not in Avro's single-object encoding");
    }

    @Test
    void headerOfARecordInAnotherFormat_doesNotMatter() throws IOException {
        SpecificRecordBase event = GoldenFiles.newest().get("MetricsEvent.v3");

        assertThat(EventReader.of(MetricsEvent.class).read(GoldenFiles.bytes(event), new byte[1]))
                .isEqualTo(event);
    }

    @Test
    void recordWithoutAValue_isRefused() {
        assertThatThrownBy(() -> EventReader.of(MetricsEvent.class).read(null))
                .isInstanceOf(IOException.class)
                .hasMessage("the record has no value");
    }

    @Test
    void event_isRead_althoughAvroTrustsNoGeneratedClass_andStillTrustsNone() throws IOException {
        ClassSecurityValidator.ClassSecurityPredicate trusted = ClassSecurityValidator.getGlobal();
        assertThat(trusted.isTrusted(MetricsEvent.class)).isFalse();
        SpecificRecordBase event = GoldenFiles.newest().get("MetricsEvent.v3");

        assertThat(EventReader.of(MetricsEvent.class).read(GoldenFiles.bytes(event)))
                .isEqualTo(event);

        assertThat(MetricsEvent.fromByteBuffer(ByteBuffer.wrap(GoldenFiles.bytes(event))))
                .isEqualTo(event);
        assertThat(ClassSecurityValidator.getGlobal()).isSameAs(trusted);
        assertThat(trusted.isTrusted(MetricsEvent.class)).isFalse();
    }

    /** Flink's user class loader: Freshet's classes are the job's own, Avro's are Flink's. */
    private static final class JobClassLoader extends URLClassLoader {
        JobClassLoader() {
            super(
                    new URL[] {
                        EventReader.class.getProtectionDomain().getCodeSource().getLocation()
                    },
                    EventReaderTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                if (!name.startsWith("io.freshet.")) {
                    return super.loadClass(name, resolve);
                }
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }
    }

    @Test
    void classLoaderOfAJob_readsItsOwnClasses_andIsFreedAfterwards() throws Exception {
        ReferenceQueue<ClassLoader> freed = new ReferenceQueue<>();
        List<PhantomReference<ClassLoader>> loaders = new ArrayList<>();
        for (int restart = 0; restart < RESTARTS; restart++) {
            loaders.add(new PhantomReference<>(readWithAnotherClassLoader(), freed));
        }

        int count = 0;
        for (long deadline = System.nanoTime() + FREED_NANOS;
                count < RESTARTS && System.nanoTime() < deadline; ) {
            System.gc();
            count += freed.remove(100) == null ? 0 : 1;
        }

        assertThat(count).isEqualTo(loaders.size());
    }

    private static ClassLoader readWithAnotherClassLoader() throws Exception {
        JobClassLoader loader = new JobClassLoader();
        for (Map.Entry<String, SpecificRecordBase> golden : GoldenFiles.newest().entrySet()) {
            Class<?> event = loader.loadClass(golden.getValue().getClass().getName());
            Class<?> reader = loader.loadClass(EventReader.class.getName());
            Object read =
                    reader.getMethod("read", byte[].class)
                            .invoke(
                                    reader.getMethod("of", Class.class).invoke(null, event),
                                    GoldenFiles.bytes(golden.getValue()));
            assertThat(read.getClass()).isSameAs(event).isNotEqualTo(golden.getValue().getClass());
            assertThat(read).hasToString(golden.getValue().toString());
        }
        loader.close();
        return loader;
    }
}
