package io.freshet.local.images;

import io.freshet.local.cli.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Images in the binary version of CIFAR-10: records of one byte for the class and 3,072 for 32 × 32
 * pixels, all red values first, then green and blue, each row by row.
 *
 * <p>Source: Alex Krizhevsky, "Learning multiple layers of features from tiny images", 2009, and
 * the page of the data set.
 */
final class CifarBatches implements ImageSet {
    /** Width and height of an image. */
    static final int SIDE = 32;

    private static final String CLASS_NAMES = "batches.meta.txt";
    private static final int PLANE = SIDE * SIDE;
    private static final int RECORD_BYTES = 1 + RgbImage.CHANNELS * PLANE;

    /** One file, mapped into memory. */
    private record Batch(String name, ByteBuffer records) {
        int size() {
            return records.limit() / RECORD_BYTES;
        }

        int label(int record) {
            return records.get(record * RECORD_BYTES) & 0xff;
        }
    }

    /** Place of an image. */
    private record Position(Batch batch, int record) {}

    private final String description;
    private final List<String> classes;
    private final List<Batch> batches;
    private final int size;

    private CifarBatches(String description, List<String> classes, List<Batch> batches) {
        this.description = description;
        this.classes = List.copyOf(classes);
        this.batches = List.copyOf(batches);
        size = batches.stream().mapToInt(Batch::size).sum();
    }

    /** Returns whether a folder contains this format. */
    static boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(CLASS_NAMES));
    }

    /**
     * Opens the files of a part of the data set.
     *
     * @param folder folder with {@code batches.meta.txt}
     * @throws UserException if a file is missing or has another content
     */
    static CifarBatches open(Path folder, ImagePart part) {
        try {
            List<String> classes =
                    Files.readAllLines(folder.resolve(CLASS_NAMES)).stream()
                            .map(String::strip)
                            .filter(name -> !name.isEmpty())
                            .toList();
            List<Batch> batches = new ArrayList<>();
            for (String name : part.batchNames()) {
                Path file = folder.resolve(name);
                if (Files.exists(file)) {
                    batches.add(open(file, classes));
                }
            }
            if (batches.isEmpty()) {
                throw new UserException(
                        folder + ": " + "no file " + String.join(" or ", part.batchNames()));
            }
            return new CifarBatches(folder.getFileName() + ", " + part.text(), classes, batches);
        } catch (IOException e) {
            throw new UserException(folder + ": " + e.getMessage(), e);
        }
    }

    private static Batch open(Path file, List<String> classes) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            long bytes = channel.size();
            if (bytes == 0 || bytes % RECORD_BYTES != 0) {
                throw new UserException(
                        file
                                + " has "
                                + bytes
                                + " bytes; records of "
                                + RECORD_BYTES
                                + " bytes were expected, as in CIFAR-10's binary version");
            }
            Batch batch =
                    new Batch(
                            String.valueOf(file.getFileName()),
                            channel.map(MapMode.READ_ONLY, 0, bytes));
            for (int record = 0; record < batch.size(); record++) {
                if (batch.label(record) >= classes.size()) {
                    throw new UserException(
                            file
                                    + ": record "
                                    + record
                                    + " has the class "
                                    + batch.label(record)
                                    + "; 0 to "
                                    + (classes.size() - 1)
                                    + " were expected, the lines of "
                                    + CLASS_NAMES);
                }
            }
            return batch;
        }
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public String name(int index) {
        Position at = position(index);
        return at.batch().name() + "/" + at.record();
    }

    @Override
    public int label(int index) {
        Position at = position(index);
        return at.batch().label(at.record());
    }

    @Override
    public RgbImage read(int index) {
        Position at = position(index);
        return image(at.batch().records(), at.record() * RECORD_BYTES + 1);
    }

    private Position position(int index) {
        int record = index;
        for (Batch batch : batches) {
            if (record < batch.size()) {
                return new Position(batch, record);
            }
            record -= batch.size();
        }
        throw new IndexOutOfBoundsException(index);
    }

    private static RgbImage image(ByteBuffer records, int from) {
        byte[] pixels = new byte[RgbImage.CHANNELS * PLANE];
        for (int channel = 0; channel < RgbImage.CHANNELS; channel++) {
            for (int i = 0; i < PLANE; i++) {
                pixels[RgbImage.CHANNELS * i + channel] = records.get(from + channel * PLANE + i);
            }
        }
        return new RgbImage(SIDE, SIDE, pixels);
    }
}
