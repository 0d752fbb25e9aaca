package io.freshet.model.cuda.device;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A folder of compiled kernels, one file for each source, architecture and compiler, so that a
 * later start need not compile them.
 *
 * <p>A file is the lowered names, the machine code and the SHA-256 of both. It is written to a
 * temporary file and then moved, so that processes can share a folder. What cannot be read or
 * written costs a compilation and a warning, nothing else.
 */
final class KernelCache {
    private static final int HASH_BYTES = 32;

    private final Path folder;
    private final Consumer<String> warnings;

    /**
     * @param folder created when something is written
     * @param warnings takes a line when a file cannot be read or written
     */
    KernelCache(Path folder, Consumer<String> warnings) {
        this.folder = folder;
        this.warnings = warnings;
    }

    /** Returns the name of the file of kernels. */
    static String fileName(
            String source, List<String> names, String architecture, String compiler) {
        MessageDigest hash = sha256();
        List<String> parts = new ArrayList<>(List.of(architecture, compiler, source));
        parts.addAll(names);
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            hash.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            hash.update(bytes);
        }
        return HexFormat.of().formatHex(hash.digest()) + ".kernels";
    }

    /** Returns the kernels in a file; empty if it does not exist or is damaged. */
    Optional<CompiledKernels> read(String fileName) {
        Path file = folder.resolve(fileName);
        try {
            byte[] bytes = Files.readAllBytes(file);
            int length = bytes.length - HASH_BYTES;
            if (length < 0
                    || !Arrays.equals(
                            sha256(bytes, length),
                            Arrays.copyOfRange(bytes, length, bytes.length))) {
                warnings.accept(file + " is damaged, its kernels are compiled again");
                return Optional.empty();
            }
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, 0, length));
            List<String> names = new ArrayList<>();
            for (int remaining = in.readInt(); remaining > 0; remaining--) {
                names.add(in.readUTF());
            }
            return Optional.of(new CompiledKernels(in.readAllBytes(), names));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            warnings.accept("compiled kernels cannot be read: " + e);
            return Optional.empty();
        }
    }

    /** Writes kernels to a file, in place of what it contains. */
    void write(String fileName, CompiledKernels kernels) {
        try {
            Files.createDirectories(folder);
            Path temporary = Files.createTempFile(folder, fileName, ".tmp");
            try {
                Files.write(temporary, toBytes(kernels));
                Files.move(
                        temporary,
                        folder.resolve(fileName),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            warnings.accept(
                    "compiled kernels cannot be kept, the next start compiles them again: " + e);
        }
    }

    private static byte[] toBytes(CompiledKernels kernels) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(kernels.loweredNames().size());
        for (String name : kernels.loweredNames()) {
            out.writeUTF(name);
        }
        out.write(kernels.cubin());
        byte[] content = bytes.toByteArray();
        out.write(sha256(content, content.length));
        return bytes.toByteArray();
    }

    private static byte[] sha256(byte[] bytes, int length) {
        MessageDigest hash = sha256();
        hash.update(bytes, 0, length);
        return hash.digest();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
