package io.freshet.local.models;

import io.freshet.local.cli.UserException;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Reader of single arrays of a file of NumPy's {@code .npz}.
 *
 * <p>Reads no more than the shape of an array needs, and no array of more than {@value #MAX_VALUES}
 * values; memory grows with what has been read and not with what the file declares.
 */
final class NpzReader implements AutoCloseable {
    /** Largest number of values of an array. */
    static final int MAX_VALUES = 1 << 24;

    private static final int MAX_HEADER = 1 << 14;
    private static final int MAX_TEXT = 1 << 10;
    private static final Pattern HEADER =
            Pattern.compile(
                    "\\{\\s*'descr':\\s*'([^']*)',\\s*'fortran_order':\\s*(True|False),"
                            + "\\s*'shape':\\s*\\(([0-9, ]*)\\),?\\s*\\}\\s*");
    private static final Pattern TYPE = Pattern.compile("([<>|=])([a-zA-Z])([0-9]{0,4})");
    private static final Pattern COMMA = Pattern.compile(",");

    /**
     * Description of an array.
     *
     * @param name name of the array
     * @param type type of its values, in NumPy's notation
     * @param isTransposed whether the first index varies fastest
     * @param shape lengths of its dimensions
     * @param offset number of bytes before the values
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Header(String name, String type, boolean isTransposed, int[] shape, int offset) {
        /** Returns the number of values. */
        int count() {
            int count = 1;
            for (int length : shape) {
                count *= length;
            }
            return count;
        }
    }

    private final ZipFile zip;

    /**
     * Opens a file.
     *
     * @throws UserException if it is not a zip file
     * @throws IOException if it cannot be read
     */
    NpzReader(Path file) throws IOException {
        try {
            zip = new ZipFile(file.toFile());
        } catch (ZipException | EOFException e) {
            throw new UserException("it is not a whole zip file: " + reason(e), e);
        }
    }

    /** Returns the names of all arrays. */
    List<String> names() {
        return zip.stream()
                .map(ZipEntry::getName)
                .filter(name -> name.endsWith(NpzWriter.SUFFIX))
                .map(name -> name.substring(0, name.length() - NpzWriter.SUFFIX.length()))
                .toList();
    }

    /**
     * Returns the description of an array; null if there is none of the name.
     *
     * @throws UserException if it is not an array, or too large
     */
    @Nullable Header header(String name) throws IOException {
        ZipEntry entry = zip.getEntry(name + NpzWriter.SUFFIX);
        if (entry == null) {
            return null;
        }
        try (DataInputStream in = new DataInputStream(zip.getInputStream(entry))) {
            return header(name, in);
        } catch (ZipException | EOFException e) {
            throw damaged(name, e);
        }
    }

    private static Header header(String name, DataInputStream in) throws IOException {
        byte[] prefix = in.readNBytes(NpzWriter.MAGIC.length + 2);
        boolean isArray =
                prefix.length == NpzWriter.MAGIC.length + 2
                        && Arrays.equals(
                                prefix,
                                0,
                                NpzWriter.MAGIC.length,
                                NpzWriter.MAGIC,
                                0,
                                NpzWriter.MAGIC.length);
        int version = isArray ? prefix[NpzWriter.MAGIC.length] : 0;
        if (version < 1 || version > 3) {
            throw new UserException(
                    "array " + name + " does not begin as an array of NumPy, version 1 to 3, does");
        }
        int lengthBytes = version == 1 ? Short.BYTES : Integer.BYTES;
        byte[] lengthOf = Arrays.copyOf(in.readNBytes(lengthBytes), Integer.BYTES);
        int length = ByteBuffer.wrap(lengthOf).order(ByteOrder.LITTLE_ENDIAN).getInt();
        if (length < 0 || length > MAX_HEADER) {
            throw new UserException(
                    "array "
                            + name
                            + " declares a header of "
                            + Integer.toUnsignedString(length)
                            + " bytes; at most "
                            + MAX_HEADER
                            + " are expected");
        }
        String text = new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        Matcher matcher = HEADER.matcher(text);
        if (!matcher.matches()) {
            throw new UserException(
                    "array "
                            + name
                            + " has the header \""
                            + text.strip()
                            + "\", not one with descr, fortran_order and shape");
        }
        return new Header(
                name,
                matcher.group(1),
                matcher.group(2).equals("True"),
                shape(name, matcher.group(3)),
                prefix.length + lengthBytes + length);
    }

    private static int[] shape(String name, String text) {
        List<Integer> lengths = new ArrayList<>();
        long count = 1;
        for (String part : COMMA.split(text, -1)) {
            if (part.isBlank()) {
                continue;
            }
            long length =
                    part.strip().length() > 10 ? Long.MAX_VALUE : Long.parseLong(part.strip());
            count = length > MAX_VALUES ? Long.MAX_VALUE : count * length;
            if (count > MAX_VALUES) {
                throw new UserException(
                        "array "
                                + name
                                + " declares the shape ("
                                + text
                                + "); at most "
                                + MAX_VALUES
                                + " values can be read");
            }
            lengths.add((int) length);
        }
        return lengths.stream().mapToInt(length -> length).toArray();
    }

    /**
     * Returns the values of an array of numbers, the last index varying fastest.
     *
     * @throws UserException if the array is damaged or has values of another type
     */
    double[] numbers(Header header) throws IOException {
        Matcher type = type(header);
        String kind = type.group(2) + type.group(3);
        int size =
                switch (kind) {
                    case "f4", "i4" -> Integer.BYTES;
                    case "f8", "i8" -> Long.BYTES;
                    default ->
                            throw new UserException(
                                    "array "
                                            + header.name()
                                            + " has values of type "
                                            + header.type()
                                            + "; f4, f8, i4 or i8 is expected");
                };
        ByteBuffer bytes = ByteBuffer.wrap(bytes(header, size)).order(order(type));
        double[] values = new double[header.count()];
        for (int i = 0; i < values.length; i++) {
            values[i] =
                    switch (kind) {
                        case "f4" -> bytes.getFloat();
                        case "f8" -> bytes.getDouble();
                        case "i4" -> bytes.getInt();
                        default -> bytes.getLong();
                    };
        }
        return header.isTransposed() && header.shape().length == 2
                ? LinearModel.transposed(values, header.shape()[1], header.shape()[0])
                : values;
    }

    /**
     * Returns the values of an array of texts.
     *
     * @throws UserException if the array is damaged or has values of another type
     */
    List<String> texts(Header header) throws IOException {
        Matcher type = type(header);
        int length = type.group(3).isEmpty() ? 0 : Integer.parseInt(type.group(3));
        if (!type.group(2).equals("U") || length < 1 || length > MAX_TEXT) {
            throw new UserException(
                    "array "
                            + header.name()
                            + " has values of type "
                            + header.type()
                            + "; texts, U1 to U"
                            + MAX_TEXT
                            + ", are expected");
        }
        int size = length * Integer.BYTES;
        if ((long) size * header.count() > (long) MAX_VALUES * Integer.BYTES) {
            throw new UserException("array " + header.name() + " has more text than can be read");
        }
        byte[] bytes = bytes(header, size);
        boolean bigEndian = order(type) == ByteOrder.BIG_ENDIAN;
        List<String> texts = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += size) {
            StringBuilder text = new StringBuilder();
            ByteBuffer points = ByteBuffer.wrap(bytes, at, size).order(order(type));
            while (points.hasRemaining()) {
                int point = points.getInt();
                if (point == 0) {
                    break;
                }
                if (!Character.isValidCodePoint(point)) {
                    throw new UserException(
                            "array "
                                    + header.name()
                                    + " has a character "
                                    + Integer.toUnsignedString(point)
                                    + (bigEndian ? ", big-endian" : ""));
                }
                text.appendCodePoint(point);
            }
            texts.add(text.toString());
        }
        return texts;
    }

    private static Matcher type(Header header) {
        Matcher type = TYPE.matcher(header.type());
        if (!type.matches()) {
            throw new UserException(
                    "array " + header.name() + " has values of the unknown type " + header.type());
        }
        return type;
    }

    private static ByteOrder order(Matcher type) {
        return type.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }

    private byte[] bytes(Header header, int size) throws IOException {
        ZipEntry entry = zip.getEntry(header.name() + NpzWriter.SUFFIX);
        long expected = (long) header.count() * size;
        CRC32 checksum = new CRC32();
        try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), checksum)) {
            in.skipNBytes(header.offset());
            byte[] bytes = in.readNBytes((int) expected);
            if (bytes.length < expected || in.read() >= 0) {
                throw new UserException(
                        "array "
                                + header.name()
                                + " has "
                                + (bytes.length < expected ? bytes.length : "more than " + expected)
                                + " bytes of values; its shape "
                                + Arrays.toString(header.shape())
                                + " needs "
                                + expected);
            }
            if (checksum.getValue() != entry.getCrc()) {
                throw new UserException("array " + header.name() + " has a wrong checksum");
            }
            return bytes;
        } catch (ZipException | EOFException e) {
            throw damaged(header.name(), e);
        }
    }

    private static UserException damaged(String name, IOException e) {
        return new UserException("array " + name + " is damaged: " + reason(e), e);
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? "it ends too early" : e.getMessage();
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}
