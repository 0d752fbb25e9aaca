package io.freshet.local.stream;

import io.freshet.local.cli.UserException;
import io.freshet.local.table.DataFile;
import io.freshet.local.table.FileFormat;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Command-line options that say how a file of examples is read. */
public final class FileOptions {
    private static final String STANDARD_INPUT = "-";

    @Option(
            names = "--file-format",
            paramLabel = "FORMAT",
            description =
                    "Format of the file: csv, json (JSON lines), arff, libsvm or vw (default: by"
                            + " the end of its name).")
    private @Nullable String format;

    @Option(
            names = "--encoding",
            paramLabel = "NAME",
            description = "Encoding of the file, such as UTF-8 (default: detected).")
    private @Nullable String encoding;

    @Option(
            names = "--no-header",
            description =
                    "The first line of a CSV file is a row; the columns are called 1, 2, 3, …")
    private boolean noHeader;

    /**
     * Returns a file as the options say.
     *
     * @param path path of the file, or {@code -} for the standard input
     * @throws UserException if an option is invalid or the file cannot be read
     */
    public DataFile file(Path path) {
        boolean isInput = path.toString().equals(STANDARD_INPUT);
        String title = isInput ? "standard input" : null;
        try {
            Path file = isInput ? copyInput() : path;
            return DataFile.of(file, title, format(), charset(), !noHeader);
        } catch (IOException e) {
            throw FileStream.invalid(title == null ? path.toString() : title, e, 0);
        }
    }

    /** Copies the standard input to a temporary file, and returns its path. */
    private static Path copyInput() throws IOException {
        Path directory = Files.createTempDirectory("freshet-input-");
        Path copy = directory.resolve("input");
        Files.copy(System.in, copy, StandardCopyOption.REPLACE_EXISTING);
        copy.toFile().deleteOnExit();
        directory.toFile().deleteOnExit();
        return copy;
    }

    private @Nullable FileFormat format() {
        if (format == null) {
            return null;
        }
        try {
            return FileFormat.valueOf(format.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new UserException(
                    "--file-format " + format + ": must be csv, json, arff, libsvm or vw", e);
        }
    }

    private @Nullable Charset charset() {
        if (encoding == null) {
            return null;
        }
        try {
            return Charset.forName(encoding);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            throw new UserException("--encoding " + encoding + ": there is no such encoding", e);
        }
    }
}
