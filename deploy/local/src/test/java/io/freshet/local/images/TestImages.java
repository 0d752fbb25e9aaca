package io.freshet.local.images;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/** Images for tests: noise around a colour that is the class. */
public final class TestImages {
    public static final List<String> CLASSES = List.of("dark", "red", "white");

    private static final int[][] COLOURS = {{40, 40, 40}, {200, 60, 60}, {220, 220, 220}};
    private static final int SPREAD = 35;

    private TestImages() {}

    static RgbImage image(Random random, int label, int width, int height) {
        byte[] pixels = new byte[RgbImage.CHANNELS * width * height];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (COLOURS[label][i % 3] + random.nextInt(-SPREAD, SPREAD));
        }
        return new RgbImage(width, height, pixels);
    }

    /** Writes CIFAR-10's binary version with one training and one test batch. */
    public static Path writeBatches(Path folder, int trainingImages, int testImages)
            throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("batches.meta.txt"), String.join("\n", CLASSES) + "\n\n");
        Random random = new Random(7);
        writeBatch(folder.resolve("data_batch_1.bin"), random, trainingImages);
        writeBatch(folder.resolve("test_batch.bin"), random, testImages);
        return folder;
    }

    private static void writeBatch(Path file, Random random, int images) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < images; i++) {
            int label = random.nextInt(CLASSES.size());
            bytes.write(label);
            RgbImage image = image(random, label, CifarBatches.SIDE, CifarBatches.SIDE);
            for (int channel = 0; channel < RgbImage.CHANNELS; channel++) {
                for (int at = channel; at < image.pixels().length; at += RgbImage.CHANNELS) {
                    bytes.write(image.pixels()[at]);
                }
            }
        }
        Files.write(file, bytes.toByteArray());
    }

    /** Writes a folder of PNG files for each class. */
    public static Path writeFolder(Path folder, int imagesOfEach) throws IOException {
        Random random = new Random(8);
        for (int label = 0; label < CLASSES.size(); label++) {
            Path ofClass = Files.createDirectories(folder.resolve(CLASSES.get(label)));
            for (int i = 0; i < imagesOfEach; i++) {
                write(image(random, label, 40, 30), ofClass.resolve(i + ".png"));
            }
        }
        return folder;
    }

    static void write(RgbImage image, Path png) throws IOException {
        BufferedImage written =
                new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                written.setRGB(
                        x,
                        y,
                        image.value(x, y, 0) << 16
                                | image.value(x, y, 1) << 8
                                | image.value(x, y, 2));
            }
        }
        ImageIO.write(written, "png", png.toFile());
    }
}
