package io.freshet.local.table;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Text file, plain or gzipped, in an encoding that is given or detected: by a byte-order mark, else
 * UTF-16 where every other byte is 0, else UTF-8 if all bytes are valid, else Windows-1252.
 */
public final class TextFile {
    private static final int BUFFER = 1 << 16;
    private static final Charset WINDOWS = Charset.forName("windows-1252");
    private static final char MARK = '\uFEFF';

    /** First bytes of a gzipped file. */
    private static final byte[] GZIP = {0x1F, (byte) 0x8B};

    private final Path file;
    private final Charset charset;
    private final @Nullable String assumption;

    private TextFile(Path file, Charset charset, @Nullable String assumption) {
        this.file = file;
        this.charset = charset;
        this.assumption = assumption;
    }

    /**
     * Returns a file; reads it once if its encoding has to be detected.
     *
     * @param charset encoding, or null to detect it
     */
    public static TextFile of(Path file, @Nullable Charset charset) throws IOException {
        if (charset != null) {
            return new TextFile(file, charset, null);
        }
        Charset marked = byMark(head(file));
        if (marked != null) {
            return new TextFile(file, marked, null);
        }
        if (isUtf8(file)) {
            return new TextFile(file, StandardCharsets.UTF_8, null);
        }
        return new TextFile(
                file,
                WINDOWS,
                "the encoding is taken to be Windows-1252, since the file is not valid UTF-8"
                        + " (--encoding sets another)");
    }

    private static byte[] head(Path file) throws IOException {
        byte[] head = new byte[BUFFER];
        int length = 0;
        try (InputStream in = bytes(file)) {
            int read = in.read(head);
            while (read > 0) {
                length += read;
                read = in.read(head, length, head.length - length);
            }
            return Arrays.copyOf(head, length);
        } catch (EOFException e) {
            return Arrays.copyOf(head, length); // a file that was cut off: reading it reports that
        }
    }

    private static @Nullable Charset byMark(byte[] head) {
        if (startsWith(head, 0xEF, 0xBB, 0xBF)) {
            return StandardCharsets.UTF_8;
        }
        if (startsWith(head, 0xFF, 0xFE)) {
            return StandardCharsets.UTF_16LE;
        }
        if (startsWith(head, 0xFE, 0xFF)) {
            return StandardCharsets.UTF_16BE;
        }
        int[] zeros = new int[2];
        for (int i = 0; i < head.length; i++) {
            zeros[i % 2] += head[i] == 0 ? 1 : 0;
        }
        if (zeros[1] > head.length / 4) {
            return StandardCharsets.UTF_16LE;
        }
        return zeros[0] > head.length / 4 ? StandardCharsets.UTF_16BE : null;
    }

    private static boolean startsWith(byte[] bytes, int... start) {
        for (int i = 0; i < start.length; i++) {
            if (i >= bytes.length || Byte.toUnsignedInt(bytes[i]) != start[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean isUtf8(Path file) throws IOException {
        try (Reader reader = strict(bytes(file), StandardCharsets.UTF_8)) {
            reader.transferTo(Writer.nullWriter());
            return true;
        } catch (CharacterCodingException e) {
            return false;
        } catch (EOFException e) {
            return true; // valid up to where the file was cut off; reading its rows reports that
        }
    }

    private static InputStream bytes(Path file) throws IOException {
        InputStream bytes = new BufferedInputStream(Files.newInputStream(file), BUFFER);
        bytes.mark(GZIP.length);
        byte[] first = bytes.readNBytes(GZIP.length);
        bytes.reset();
        return Arrays.equals(first, GZIP) ? new GZIPInputStream(bytes, BUFFER) : bytes;
    }

    private static Reader strict(InputStream bytes, Charset charset) {
        return new InputStreamReader(
                bytes,
                charset.newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
    }

    /**
     * Opens the file, after its byte-order mark. Bytes that are invalid in the encoding cause a
     * {@link CharacterCodingException}.
     */
    public BufferedReader open() throws IOException {
        BufferedReader reader = new BufferedReader(strict(bytes(file), charset), BUFFER);
        reader.mark(1);
        if (reader.read() != MARK) {
            reader.reset();
        }
        return reader;
    }

    /** Returns what had to be assumed about the encoding; empty if it is certain. */
    public Optional<String> assumption() {
        return Optional.ofNullable(assumption);
    }
}
