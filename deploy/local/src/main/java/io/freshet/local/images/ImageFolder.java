package io.freshet.local.images;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import io.freshet.local.cli.UserException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** PNG and JPEG files in one folder for each class, whose name is the class. */
final class ImageFolder implements ImageSet {
    private static final Set<String> ENDINGS = Set.of(".png", ".jpg", ".jpeg");
    private static final String PATH_HEADER = "path";
    private static final int BYTE_BITS = 8;

    private final String description;
    private final Path root;
    private final List<Path> files;
    private final List<String> classes;
    private final int[] labels;

    private ImageFolder(String description, Path root, List<Path> files) {
        this.description = description;
        this.root = root;
        this.files = List.copyOf(files);
        Set<String> names = new TreeSet<>();
        files.forEach(file -> names.add(className(file)));
        classes = List.copyOf(names);
        labels = files.stream().mapToInt(file -> classes.indexOf(className(file))).toArray();
    }

    private static String className(Path file) {
        return String.valueOf(file.getName(file.getNameCount() - 2));
    }

    /** Returns whether a folder has a folder of its own for a part. */
    static boolean has(Path folder, ImagePart part) {
        return Files.isDirectory(folder.resolve(part.folder()));
    }

    /**
     * Finds the files of a folder.
     *
     * @param folder folder of the classes' folders, or of {@code train} and {@code test} with the
     *     classes' folders
     * @param order file of paths, one a line, which are relative to {@code folder}; the first
     *     column of CSV. Null for the order of the paths.
     * @throws UserException if there are no images, or a path is invalid
     */
    static ImageFolder open(Path folder, ImagePart part, @Nullable Path order) {
        Path root = has(folder, part) ? folder.resolve(part.folder()) : folder;
        try {
            List<Path> files = order == null ? files(root) : listed(folder, order);
            if (files.isEmpty()) {
                throw new UserException(
                        folder
                                + ": neither batches.meta.txt, as in CIFAR-10's binary version, nor"
                                + " a folder of PNG or JPEG files for each class");
            }
            return new ImageFolder(root.getFileName() + ", " + part.text(), folder, files);
        } catch (IOException e) {
            throw new UserException(folder + ": " + e.getMessage(), e);
        }
    }

    private static List<Path> files(Path root) throws IOException {
        List<Path> classFolders;
        try (Stream<Path> all = Files.list(root)) {
            classFolders = all.filter(Files::isDirectory).sorted(byName()).toList();
        }
        List<Path> files = new ArrayList<>();
        for (Path classFolder : classFolders) {
            try (Stream<Path> all = Files.list(classFolder)) {
                all.filter(ImageFolder::isImage).sorted(byName()).forEach(files::add);
            }
        }
        return files;
    }

    private static Comparator<Path> byName() {
        return Comparator.comparing(path -> String.valueOf(path.getFileName()));
    }

    private static boolean isImage(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return Files.isRegularFile(file) && ENDINGS.stream().anyMatch(name::endsWith);
    }

    private static List<Path> listed(Path folder, Path order) throws IOException {
        List<Path> files = new ArrayList<>();
        try (CsvReader<CsvRecord> records = CsvReader.builder().ofCsvRecord(order)) {
            for (CsvRecord line : records) {
                String path = line.getField(0).strip();
                boolean isHeader = files.isEmpty() && path.equals(PATH_HEADER);
                if (path.isEmpty() || isHeader) {
                    continue;
                }
                Path file = folder.resolve(path);
                if (folder.relativize(file).getNameCount() < 2 || !isImage(file)) {
                    throw new UserException(
                            order
                                    + ", line "
                                    + line.getStartingLineNumber()
                                    + ": "
                                    + path
                                    + " is no PNG or JPEG file in a class's folder under "
                                    + folder);
                }
                files.add(file);
            }
        }
        return files;
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
        return files.size();
    }

    @Override
    public String name(int index) {
        return root.relativize(files.get(index)).toString();
    }

    @Override
    public int label(int index) {
        return labels[index];
    }

    @Override
    public RgbImage read(int index) throws IOException {
        BufferedImage image;
        try {
            image = ImageIO.read(files.get(index).toFile());
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException("not a valid image: " + e.getMessage(), e);
        }
        if (image == null) {
            throw new IOException("neither PNG nor JPEG");
        }
        return rgb(image);
    }

    /**
     * Returns the colours of an image without its transparency. Grey values are taken as they are,
     * not through Java's colour space of grey, which is linear.
     */
    private static RgbImage rgb(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] pixels = new byte[RgbImage.CHANNELS * width * height];
        boolean isGrey =
                image.getColorModel().getNumColorComponents() == 1
                        && !(image.getColorModel() instanceof IndexColorModel);
        Raster raster = image.getRaster();
        int shift = Math.max(0, image.getSampleModel().getSampleSize(0) - BYTE_BITS);
        int at = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int grey = isGrey ? raster.getSample(x, y, 0) >> shift : 0;
                int rgb = isGrey ? grey << 16 | grey << 8 | grey : image.getRGB(x, y);
                pixels[at++] = (byte) (rgb >> 16);
                pixels[at++] = (byte) (rgb >> 8);
                pixels[at++] = (byte) rgb;
            }
        }
        return new RgbImage(width, height, pixels);
    }
}
