// SPDX-License-Identifier: MIT
// The peer `node`: an echo server on node's net module. It reads into one buffer a connection, as long as it may be read again, and stops
// reading while a write waits. usage: node echo.mjs BUFFER_BYTES, the listening socket as descriptor 3
import net from "node:net";

const server = net.createServer({ noDelay: true, pauseOnConnect: false }, (socket) => {
  socket.on("data", (bytes) => {
    if (!socket.write(bytes)) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("error", () => socket.destroy());
});
server.listen({ fd: 3 });
