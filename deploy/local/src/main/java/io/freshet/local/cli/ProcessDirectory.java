package io.freshet.local.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;

/**
 * Temporary directory of one process. Everything that the process unpacks or writes for its own use
 * is in it, so that all of it is deleted at the end.
 *
 * <p>A locked file beside the directory shows that the process is alive. The directory of a killed
 * process is deleted when another process starts.
 */
public final class ProcessDirectory implements AutoCloseable {
    private static final String PREFIX = "freshet-process-";
    private static final String LOCK = ".lock";

    private final Path path;
    private final Path lockFile;
    private final FileChannel channel;

    private ProcessDirectory(Path path, Path lockFile, FileChannel channel) {
        this.path = path;
        this.lockFile = lockFile;
        this.channel = channel;
    }

    /**
     * Creates the directory of this process, and deletes the directories of ended processes.
     *
     * @param parent system's temporary directory
     */
    public static ProcessDirectory open(Path parent) throws IOException {
        removeLeftovers(parent);
        Path path = parent.resolve(PREFIX + UUID.randomUUID());
        Path lockFile = lockFile(path);
        FileChannel channel =
                FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        // Locked before the directory is created, so that no other process finds the directory
        // without its lock.
        channel.lock();
        Files.createDirectory(
                path,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return new ProcessDirectory(path, lockFile, channel);
    }

    private static Path lockFile(Path directory) {
        return directory.resolveSibling(directory.getFileName() + LOCK);
    }

    private static void removeLeftovers(Path parent) throws IOException {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, PREFIX + "*" + LOCK)) {
            for (Path lockFile : found) {
                try {
                    removeIfLeftBehind(lockFile);
                } catch (IOException e) {
                    // Not fatal: another user may own it, or another process may be deleting it.
                    System.err.println(
                            "freshet: the directory of an earlier process, locked by "
                                    + lockFile
                                    + ", cannot be deleted: "
                                    + Failures.reason(e));
                }
            }
        }
    }

    /**
     * Deletes the directory of a process that has released its lock. A directory without a lock
     * file is kept, since its process may be alive.
     */
    private static void removeIfLeftBehind(Path lockFile) throws IOException {
        if (!Files.isWritable(lockFile)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            Path path = directory(lockFile);
            if (lock != null && Files.isDirectory(path)) {
                Directories.delete(path);
                Files.deleteIfExists(lockFile);
            }
        } catch (NoSuchFileException e) {
            return; // deleted by another process meanwhile
        }
    }

    private static Path directory(Path lockFile) {
        String name = lockFile.getFileName().toString();
        return lockFile.resolveSibling(name.substring(0, name.length() - LOCK.length()));
    }

    /** Sets the system properties that make this process unpack and write temporary files here. */
    public void use() {
        System.setProperty("java.io.tmpdir", path.toString());
        System.setProperty("ZstdTempFolder", path.toString());
        System.setProperty("org.bytedeco.javacpp.cachedir", path.resolve("natives").toString());
    }

    /** Deletes the directory and its lock file. */
    @Override
    public void close() throws IOException {
        Directories.delete(path);
        Files.deleteIfExists(lockFile);
        channel.close();
    }
}
