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
 * The temporary directory of one process, in which everything that it unpacks or writes for itself
 * lies, so that all of it goes at the end.
 *
 * <p>A locked file beside it tells that the process lives. What a killed one has left is removed
 * when another one starts.
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
     * Makes one, and removes those of processes that no longer live.
     *
     * @param parent the system's temporary directory
     */
    public static ProcessDirectory open(Path parent) throws IOException {
        removeLeftovers(parent);
        Path path = parent.resolve(PREFIX + UUID.randomUUID());
        Path lockFile = lockFile(path);
        FileChannel channel =
                FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        // Locked before the directory is there: who finds the directory finds the lock.
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
                    // Of another user, or another process removes it: no reason not to start.
                    System.err.println(
                            "freshet: what an earlier process left at "
                                    + lockFile
                                    + " cannot be removed: "
                                    + Failures.reason(e));
                }
            }
        }
    }

    /**
     * A directory whose lock file somebody else has removed is left alone: its process may live.
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
            return; // removed meanwhile
        }
    }

    private static Path directory(Path lockFile) {
        String name = lockFile.getFileName().toString();
        return lockFile.resolveSibling(name.substring(0, name.length() - LOCK.length()));
    }

    /** Makes it the place where this process unpacks and writes what is its own. */
    public void use() {
        System.setProperty("java.io.tmpdir", path.toString());
        System.setProperty("ZstdTempFolder", path.toString());
        System.setProperty("org.bytedeco.javacpp.cachedir", path.resolve("natives").toString());
    }

    /** Removes the directory with all that is in it. */
    @Override
    public void close() throws IOException {
        Directories.delete(path);
        Files.deleteIfExists(lockFile);
        channel.close();
    }
}
