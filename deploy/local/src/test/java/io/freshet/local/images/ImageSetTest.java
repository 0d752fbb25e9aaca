package io.freshet.local.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.local.cli.UserException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageSetTest {
    @TempDir Path folder;

    @Test
    void batches_haveThePixelsAndLabelsOfTheRecords() throws IOException {
        Files.writeString(folder.resolve("batches.meta.txt"), "cat\ndog\n\n");
        byte[] records = new byte[2 * 3073];
        records[3073] = 1;
        records[3073 + 1 + 33] = (byte) 200; // red at (1, 1)
        records[3073 + 1 + 1024 + 33] = 3; // green
        records[3073 + 1 + 2048 + 33] = 4; // blue
        Files.write(folder.resolve("data_batch_2.bin"), records);

        ImageSet set = CifarBatches.open(folder, ImagePart.TRAIN);

        assertThat(set.classes()).containsExactly("cat", "dog");
        assertThat(set.size()).isEqualTo(2);
        assertThat(set.name(1)).isEqualTo("data_batch_2.bin/1");
        assertThat(set.label(0)).isZero();
        assertThat(set.label(1)).isEqualTo(1);
        RgbImage image = set.read(1);
        assertThat(List.of(image.value(1, 1, 0), image.value(1, 1, 1), image.value(1, 1, 2)))
                .containsExactly(200, 3, 4);
        assertThat(image.value(0, 0, 0)).isZero();
    }

    @Test
    void batches_thatAreNotCifar_areRefused() throws IOException {
        Files.writeString(folder.resolve("batches.meta.txt"), "cat\ndog\n");
        assertThatThrownBy(() -> CifarBatches.open(folder, ImagePart.TEST))
                .isInstanceOf(UserException.class)
                .hasMessage(folder + ": no file test_batch.bin");

        Path file = folder.resolve("test_batch.bin");
        Files.write(file, new byte[3072]);
        assertThatThrownBy(() -> CifarBatches.open(folder, ImagePart.TEST))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        file
                                + " has 3072 bytes; records of 3073 bytes were expected, as in"
                                + " CIFAR-10's binary version");

        byte[] record = new byte[3073];
        record[0] = 2;
        Files.write(file, record);
        assertThatThrownBy(() -> CifarBatches.open(folder, ImagePart.TEST))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        file
                                + ": record 0 has the class 2; 0 to 1 were expected, the lines of"
                                + " batches.meta.txt");
    }

    @Test
    void folder_isReadInTheOrderOfItsPathsOrOfAFile() throws IOException {
        Path images = TestImages.writeFolder(folder.resolve("train"), 2);
        Files.writeString(images.resolve("red/notes.txt"), "no image");

        ImageSet sorted = ImageFolder.open(folder, ImagePart.TRAIN, null);
        assertThat(sorted.classes()).isEqualTo(TestImages.CLASSES);
        assertThat(IntStream.range(0, sorted.size()).mapToObj(sorted::name))
                .containsExactly(
                        "train/dark/0.png",
                        "train/dark/1.png",
                        "train/red/0.png",
                        "train/red/1.png",
                        "train/white/0.png",
                        "train/white/1.png");

        Path order = folder.resolve("order.csv");
        Files.writeString(order, "path,label\ntrain/white/1.png,2\ntrain/dark/0.png,0\n");
        ImageSet ordered = ImageFolder.open(folder, ImagePart.TRAIN, order);
        assertThat(ordered.size()).isEqualTo(2);
        assertThat(ordered.classes()).containsExactly("dark", "white");
        assertThat(ordered.name(0)).isEqualTo("train/white/1.png");
        assertThat(ordered.label(0)).isEqualTo(1);

        Files.writeString(order, "train/red/notes.txt\n");
        assertThatThrownBy(() -> ImageFolder.open(folder, ImagePart.TRAIN, order))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        order
                                + ", line 1: train/red/notes.txt is no PNG or JPEG file in a"
                                + " class's folder under "
                                + folder);
    }

    @Test
    void folderWithoutImages_isRefused() {
        assertThatThrownBy(() -> ImageFolder.open(folder, ImagePart.TRAIN, null))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        folder
                                + ": neither batches.meta.txt, as in CIFAR-10's binary version, nor"
                                + " a folder of PNG or JPEG files for each class");
    }

    @Test
    void greyAndTransparentImages_haveTheirValues() throws IOException {
        Path ofClass = Files.createDirectories(folder.resolve("grey"));
        BufferedImage grey = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(0, 0, 0, 100);
        ImageIO.write(grey, "png", ofClass.resolve("a.png").toFile());
        BufferedImage transparent = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
        transparent.setRGB(0, 0, 0x40102030);
        ImageIO.write(transparent, "png", ofClass.resolve("b.png").toFile());
        Files.writeString(ofClass.resolve("c.png"), "no image");
        ImageSet set = ImageFolder.open(folder, ImagePart.TEST, null);

        assertThat(set.read(0).pixels()).containsExactly(100, 100, 100, 0, 0, 0);
        assertThat(set.read(1).pixels()).containsExactly(0x10, 0x20, 0x30);
        assertThatThrownBy(() -> set.read(2))
                .isInstanceOf(IOException.class)
                .hasMessage("neither PNG nor JPEG");
    }
}
