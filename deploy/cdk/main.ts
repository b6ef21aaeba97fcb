import { App } from 'aws-cdk-lib'
import { createApp } from './app.ts'

const app = new App()
createApp(app, app.node.getContext('region'), app.node.getContext('settings'))
